foreach(thing calendar simulation)
  leaklab_unit_test(test_${thing} LINKS lab_fixture simulation)
endforeach()
