foreach(thing address body caller certificate curve guard listener openapi page problem route token yaml)
  leaklab_unit_test(test_http_${thing} LINKS http)
endforeach()
# These speak to a running server over loopback sockets, with a lab that the test plays itself.
foreach(thing access life memory refuse serve)
  leaklab_unit_test(test_http_${thing} THREADS LINKS http_fixture http)
endforeach()
