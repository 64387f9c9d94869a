# Whole-system tests: the real broker, real isolated hosts, a real browser as the viewer. One at a time, for their deadlines
# are the product's; beside it one of the others, for they wait more than they compute.
set(apart ${CMAKE_CURRENT_LIST_DIR}/apart)
foreach(name session text ime keys screen exactness mark caps video roles hostile lying-host leftovers)
  add_test(NAME whole-${name} COMMAND ${apart} node --test ${CMAKE_CURRENT_LIST_DIR}/${name}.test.mjs)
  set_tests_properties(whole-${name} PROPERTIES TIMEOUT 600 RESOURCE_LOCK whole-system LABELS whole
    ENVIRONMENT "SHOJI_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};ASAN_OPTIONS=detect_leaks=0")
endforeach()
add_test(NAME whole-bench COMMAND ${apart} ${CMAKE_SOURCE_DIR}/tests/bench/run --short --only latency,fast,video)
set_tests_properties(whole-bench PROPERTIES TIMEOUT 300 RESOURCE_LOCK whole-system LABELS whole
  ENVIRONMENT "SHOJI_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};ASAN_OPTIONS=detect_leaks=0")
