# Whole-system tests: the real broker, real isolated hosts, a real browser as the viewer. One at a time: they
# compare what is on the machine before and after.
foreach(name session text exactness mark video roles hostile lying-host leftovers)
  add_test(NAME whole-${name} COMMAND node --test ${CMAKE_CURRENT_LIST_DIR}/${name}.test.mjs)
  set_tests_properties(whole-${name} PROPERTIES TIMEOUT 600 RUN_SERIAL TRUE LABELS whole
    ENVIRONMENT "SHOJI_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};ASAN_OPTIONS=detect_leaks=0")
endforeach()
add_test(NAME whole-bench COMMAND ${CMAKE_SOURCE_DIR}/tests/bench/run --short --only latency,fast,video)
set_tests_properties(whole-bench PROPERTIES TIMEOUT 300 RUN_SERIAL TRUE LABELS whole
  ENVIRONMENT "SHOJI_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};ASAN_OPTIONS=detect_leaks=0")
