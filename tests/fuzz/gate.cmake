# The files under test are compiled here once more, with the fuzzer's eyes in them: libraries are not.
set(gate ${CMAKE_SOURCE_DIR}/broker/gate)
shoji_fuzz_target(viewer-input SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_viewer_input.c ${gate}/viewer_input.c
  ${CMAKE_SOURCE_DIR}/broker/base/bytes.c RUNS 500000)
shoji_fuzz_target(sign-in SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_sign_in.c ${gate}/sign_in.c ${gate}/viewer_input.c
  ${gate}/request_header.c LIBS shoji-gate RUNS 200000)
