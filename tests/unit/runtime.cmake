add_library(stage STATIC ${PROJECT_SOURCE_DIR}/tests/lib/stage.c)
target_link_libraries(stage PUBLIC language testlib)

leaklab_unit_test(test_wheel LINKS runtime)
foreach(thing catalogue chance channel condition driver faults group limits lineage lock random scheduler scope select
        ticker workload)
  leaklab_unit_test(test_${thing} LINKS stage)
endforeach()
