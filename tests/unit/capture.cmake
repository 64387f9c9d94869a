foreach(name handshake reader damage input linger text confine)
  shoji_unit_test(capture-${name} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_capture_${name}.c LIBS shoji-capture)
endforeach()
shoji_unit_test(screen-size SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_screen_size.c LIBS shoji-capture shoji-encode)
