leaklab_unit_test(test_preview LINKS judge)
target_sources(test_preview PRIVATE ${CMAKE_CURRENT_LIST_DIR}/language_fixture.c)
