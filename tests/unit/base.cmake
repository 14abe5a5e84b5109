foreach(thing base buf gzip log process ring slab suggest unit)
  leaklab_unit_test(test_${thing} LINKS base)
endforeach()
