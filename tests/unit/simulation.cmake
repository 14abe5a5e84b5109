foreach(thing calendar simulation)
  leaklab_unit_test(test_${thing} LINKS simulation)
  target_sources(test_${thing} PRIVATE ${CMAKE_CURRENT_LIST_DIR}/lab_fixture.c
                                       ${PROJECT_SOURCE_DIR}/tests/lib/fake_source.c)
endforeach()
