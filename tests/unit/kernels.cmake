# Every .yaml file of tests/kernels becomes part of the tests that run them.
file(GLOB kernels CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/kernels/*.yaml)
leaklab_embed(embedded_kernels ${kernels})
leaklab_unit_test(test_kernels LINKS stage judge TIMEOUT 240)
target_sources(test_kernels PRIVATE ${CMAKE_CURRENT_LIST_DIR}/kernel_fixture.c ${embedded_kernels})
leaklab_unit_test(test_kernels_judge LINKS stage judge TIMEOUT 240)
target_sources(test_kernels_judge PRIVATE ${CMAKE_CURRENT_LIST_DIR}/kernel_fixture.c ${embedded_kernels})
