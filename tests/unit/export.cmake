if(TARGET http)
  leaklab_unit_test(test_process LINKS http)
  leaklab_unit_test(test_export LINKS http)
endif()
