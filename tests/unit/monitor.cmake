shoji_unit_test(assets SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/test_assets.c)
