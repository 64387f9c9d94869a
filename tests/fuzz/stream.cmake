# The decoder's sources are compiled into its fuzz target, so that libFuzzer sees which of their branches an input takes.
# Not each comparison in a loop over pixels is told to libFuzzer: there is no value to be found there, and it was most of the time.
foreach(file drawn_model drawn_read glyph_book glyph_read photo_read photo_transform screen)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/viewer/stream/${file}.c PROPERTIES COMPILE_OPTIONS -fno-sanitize-coverage=trace-cmp)
endforeach()
shoji_fuzz_target(stream_decoder SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_stream_decoder.c
  ${CMAKE_SOURCE_DIR}/viewer/stream/commands.c ${SHOJI_STREAM_FILES}
  LIBS ${ZSTD_STATIC} RUNS 200000)
