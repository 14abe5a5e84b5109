foreach(thing arrival canary machine rate snapshot)
  leaklab_unit_test(test_${thing} LINKS lab)
endforeach()
# On the built-in patterns, without a loop.
foreach(thing debug spec scenario lab_core lab_own lab catalogue_scenario decoy forecast mix steps timeline)
  leaklab_unit_test(test_${thing} LINKS lab)
  target_sources(test_${thing} PRIVATE ${CMAKE_CURRENT_LIST_DIR}/lab_fixture.c
                                       ${PROJECT_SOURCE_DIR}/tests/lib/fake_source.c)
endforeach()
