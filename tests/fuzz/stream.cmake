# The decoder's sources are compiled into its fuzz target, so that libFuzzer sees which of their branches an input takes.
set(decoder_sources)
foreach(file cache_rule commands decoder drawn_model drawn_read glyph_book glyph_read inflate kept photo_model photo_read photo_transform screen side tile_cache)
  list(APPEND decoder_sources ${CMAKE_SOURCE_DIR}/viewer/stream/${file}.c)
endforeach()
# Not each comparison in a loop over pixels is told to libFuzzer: there is no value to be found there, and it was most of the time.
foreach(file drawn_model drawn_read glyph_book glyph_read photo_read photo_transform screen)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/viewer/stream/${file}.c PROPERTIES COMPILE_OPTIONS -fno-sanitize-coverage=trace-cmp)
endforeach()
shoji_fuzz_target(stream_decoder SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_stream_decoder.c ${decoder_sources}
  LIBS ${ZSTD_STATIC} RUNS 200000)
