leaklab_unit_test(test_profile LINKS judge)
# It reads back what it has written.
target_include_directories(test_profile SYSTEM PRIVATE ${PROJECT_BINARY_DIR}/service/judge)
foreach(thing chain collect inspect judge number)
  leaklab_unit_test(test_${thing} LINKS stage judge)
endforeach()
# Much of the same, over and over, and all on one thread: there is nothing for the thread sanitizer to find.
if(NOT LEAKLAB_SANITIZE MATCHES "thread")
  foreach(thing judge_catalogue judge_slices)
    leaklab_unit_test(test_${thing} LINKS stage judge TIMEOUT 300)
  endforeach()
endif()
leaklab_unit_test(test_truth LINKS model judge TIMEOUT 300)
target_sources(test_truth PRIVATE truth_fixture.c)
