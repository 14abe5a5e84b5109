leaklab_unit_test(test_profile LINKS judge)
# It reads back what it has written.
target_include_directories(test_profile SYSTEM PRIVATE ${PROJECT_BINARY_DIR}/service/judge)
foreach(thing collect judge judge_catalogue judge_slices)
  leaklab_unit_test(test_${thing} LINKS stage judge)
endforeach()
leaklab_unit_test(test_truth LINKS model judge)
target_sources(test_truth PRIVATE truth_fixture.c)
