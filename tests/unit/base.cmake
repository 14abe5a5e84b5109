foreach(thing base buf ending gzip log process slab suggest unit utf8)
  leaklab_unit_test(test_${thing} LINKS base)
endforeach()
leaklab_unit_test(test_ring THREADS LINKS base)
