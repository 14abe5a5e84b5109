leaklab_unit_test(test_export LINKS export)
