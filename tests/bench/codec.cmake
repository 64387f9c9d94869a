# Started by hand (see its head); ./check only sees that it still works.
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
add_executable(bench-codec ${CMAKE_CURRENT_LIST_DIR}/bench-codec.c)
target_link_libraries(bench-codec PRIVATE shoji-encode shoji-stream shoji-base PkgConfig::PNG)
add_test(NAME unit-bench-codec COMMAND bench-codec replay ${CMAKE_CURRENT_LIST_DIR}/three-screens.shpx)
set_tests_properties(unit-bench-codec PROPERTIES TIMEOUT 60 LABELS unit PASS_REGULAR_EXPRESSION "\"frames\": 2, .*\"wrong_frames\": 0")
# Every frame of the recorded sessions comes out exact, with the same bytes each time.
add_test(NAME unit-codec COMMAND ${CMAKE_CURRENT_LIST_DIR}/codec --bytes)
set_tests_properties(unit-codec PROPERTIES TIMEOUT 120 LABELS unit ENVIRONMENT "SHOJI_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
# What is taken for a photograph: judged by hand on photo-corpus.mjs's pictures (docs/protocol.md, Photographs).
add_executable(photo-detector ${CMAKE_CURRENT_LIST_DIR}/photo-detector.c)
target_link_libraries(photo-detector PRIVATE shoji-encode shoji-stream shoji-base PkgConfig::PNG)
