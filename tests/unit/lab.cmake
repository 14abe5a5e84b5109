foreach(thing arrival canary machine rate snapshot)
  leaklab_unit_test(test_${thing} LINKS lab)
endforeach()
# On the built-in patterns, without a loop.
foreach(thing debug spec scenario lab_core lab_own lab catalogue_scenario decoy mix steps timeline)
  leaklab_unit_test(test_${thing} LINKS lab)
  target_sources(test_${thing} PRIVATE ${CMAKE_CURRENT_LIST_DIR}/lab_fixture.c
                                       ${PROJECT_SOURCE_DIR}/tests/lib/fake_source.c)
endforeach()
# One thread, and a long way: nothing for the thread sanitizer.
if(NOT LEAKLAB_SANITIZE MATCHES "thread")
  leaklab_unit_test(test_forecast LINKS lab)
  target_sources(test_forecast PRIVATE ${CMAKE_CURRENT_LIST_DIR}/lab_fixture.c ${PROJECT_SOURCE_DIR}/tests/lib/fake_source.c)
endif()
