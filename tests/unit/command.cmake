leaklab_unit_test(test_fetch LINKS command)
leaklab_unit_test(test_options LINKS command)
leaklab_unit_test(test_simulation LINKS command)
target_sources(test_simulation PRIVATE ${CMAKE_CURRENT_LIST_DIR}/lab_fixture.c
                                       ${PROJECT_SOURCE_DIR}/tests/lib/fake_source.c)
leaklab_unit_test(test_match LINKS command)
leaklab_unit_test(test_calendar LINKS command)
target_sources(test_calendar PRIVATE ${CMAKE_CURRENT_LIST_DIR}/lab_fixture.c
                                     ${PROJECT_SOURCE_DIR}/tests/lib/fake_source.c)
