shoji_unit_test(guest-relay SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_guest_relay.c LIBS shoji-guest)
shoji_unit_test(guest-programs SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_guest_programs.c LIBS shoji-guest)
shoji_unit_test(shepherd SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_shepherd.c LIBS shoji-shepherd)
shoji_unit_test(limits SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_limits.c)
