leaklab_unit_test(test_preview LINKS judge)
target_sources(test_preview PRIVATE ${CMAKE_CURRENT_LIST_DIR}/language_fixture.c)
# The library of random programs is declared in a list that is read later.
leaklab_unit_test(test_flow LINKS grow judge TIMEOUT 240)
