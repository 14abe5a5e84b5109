leaklab_unit_test(test_preview LINKS language_fixture judge)
# The library of random programs is declared in a list that is read later.
leaklab_unit_test(test_flow LINKS grow judge TIMEOUT 240)
