leaklab_unit_test(test_kernels LINKS kernel_fixture TIMEOUT 240)
leaklab_unit_test(test_kernels_judge LINKS kernel_fixture TIMEOUT 240)
