# The decoder's sources are compiled into its fuzz target, so that libFuzzer sees which of their branches an input takes.
set(decoder_sources)
foreach(file cache_rule commands decoder drawn_model drawn_read inflate photo_model photo_read photo_transform screen side tile_cache)
  list(APPEND decoder_sources ${CMAKE_SOURCE_DIR}/viewer/stream/${file}.c)
endforeach()
# Each run begins with a fresh model of 2.4 MiB (stream/drawn_model.h), which takes most of its time: some 500 runs a second.
shoji_fuzz_target(stream_decoder SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_stream_decoder.c ${decoder_sources}
  LIBS ${ZSTD_STATIC} RUNS 40000)
