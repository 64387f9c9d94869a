# Whole-system tests: the real broker, real isolated hosts, a real browser as the viewer.
set(whole_environment "SHOJI_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}" ASAN_OPTIONS=detect_leaks=0)
foreach(name session text ime keys screen exactness mark caps video roles hostile lying-host leftovers)
  add_test(NAME whole-${name} COMMAND ${apart} node --test ${CMAKE_CURRENT_LIST_DIR}/${name}.test.mjs)
  set_tests_properties(whole-${name} PROPERTIES TIMEOUT 900 RESOURCE_GROUPS whole_systems:1 LABELS whole ENVIRONMENT "${whole_environment}")
endforeach()
add_test(NAME whole-bench COMMAND ${apart} ${CMAKE_SOURCE_DIR}/tests/bench/run --short --only latency,fast,video)
set_tests_properties(whole-bench PROPERTIES TIMEOUT 600 RESOURCE_GROUPS whole_systems:1 LABELS whole ENVIRONMENT "${whole_environment}")

# What takes minutes: ./check --slow, as CI runs it. The text test with all that is asked of it: every kanji ten times, the same
# over packets with 150 ms of delay and one in a hundred lost; and with a browser that has no EditContext.
add_test(NAME slow-thin COMMAND ${apart} node --test ${CMAKE_CURRENT_LIST_DIR}/thin.test.mjs)
set_tests_properties(slow-thin PROPERTIES ENVIRONMENT "${whole_environment}")
set(text_all SHOJI_TEXT_ROUNDS=10 SHOJI_TEXT_PAIRS=500 SHOJI_TEXT_CLICKS=200 SHOJI_TEXT_ALPHABETS=100)
set(text_line SHOJI_TEXT_ROUNDS=10 SHOJI_TEXT_LINE=20000,75,1)
set(text_field SHOJI_TEXT_NO_EDIT_CONTEXT=1)
foreach(how all line field)
  add_test(NAME slow-text-${how} COMMAND ${apart} node --test ${CMAKE_CURRENT_LIST_DIR}/text.test.mjs)
  set_tests_properties(slow-text-${how} PROPERTIES ENVIRONMENT "${whole_environment};${text_${how}}")
endforeach()
set_tests_properties(slow-thin slow-text-all slow-text-line slow-text-field PROPERTIES TIMEOUT 1200 LABELS slow)
