foreach(thing match options)
  leaklab_unit_test(test_${thing} LINKS command)
endforeach()
