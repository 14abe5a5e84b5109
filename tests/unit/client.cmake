foreach(thing fetch site)
  leaklab_unit_test(test_${thing} LINKS client)
endforeach()
