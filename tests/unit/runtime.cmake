set(lib ${PROJECT_SOURCE_DIR}/tests/lib)
add_library(fake_source STATIC ${lib}/fake_source.c)
target_link_libraries(fake_source PUBLIC runtime testlib)
add_library(stage STATIC ${lib}/stage.c ${lib}/house.c)
target_link_libraries(stage PUBLIC fake_source language)
add_library(grow STATIC ${lib}/grow.c ${lib}/grow_table.c ${lib}/grow_write.c ${lib}/invariant.c ${lib}/isolate.c)
target_link_libraries(grow PUBLIC stage)
# What may happen, for who compares it with what does.
add_library(model STATIC ${lib}/explore.c ${lib}/model.c ${lib}/model_channel.c ${lib}/model_form.c ${lib}/model_lock.c
            ${lib}/model_step.c ${lib}/model_take.c ${lib}/model_walk.c)
target_link_libraries(model PUBLIC grow)

leaklab_unit_test(test_wheel LINKS runtime)
foreach(thing catalogue chance channel condition driver faults group held limits lineage lock lose pace panic queue resource scheduler
        scope select ticker work workload)
  leaklab_unit_test(test_${thing} LINKS stage)
endforeach()
leaklab_unit_test(test_real THREADS LINKS stage)
leaklab_unit_test(test_grow LINKS grow)
leaklab_unit_test(test_random LINKS grow TIMEOUT 240)
