foreach(thing base buf log slab suggest unit)
  leaklab_unit_test(test_${thing} LINKS base)
endforeach()
