leaklab_unit_test(test_options LINKS command)
