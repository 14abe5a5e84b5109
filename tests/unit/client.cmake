leaklab_unit_test(test_fetch THREADS LINKS client)
leaklab_unit_test(test_site LINKS client)
