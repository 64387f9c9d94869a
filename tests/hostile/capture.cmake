# The real capture process against hosts that lie, and against a real Xvnc.
pkg_check_modules(XCB REQUIRED IMPORTED_TARGET xcb)

add_executable(capture-process ${CMAKE_CURRENT_LIST_DIR}/capture-process.c)
target_link_libraries(capture-process PRIVATE shoji-capture shoji-base)

foreach(tool x-grab x-draw)
  add_executable(${tool} ${CMAKE_CURRENT_LIST_DIR}/../tools/${tool}.c)
  target_link_libraries(${tool} PRIVATE PkgConfig::XCB)
  target_include_directories(${tool} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
endforeach()

shoji_unit_test(hostile-capture SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_capture_hostile.c
  ${CMAKE_CURRENT_LIST_DIR}/capture_process.c LIBS shoji-capture)
target_compile_definitions(test-hostile-capture PRIVATE CAPTURE_PROCESS="$<TARGET_FILE:capture-process>")
add_dependencies(test-hostile-capture capture-process)

shoji_unit_test(capture-xvnc WHOLE_SYSTEM SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_capture_xvnc.c
  ${CMAKE_CURRENT_LIST_DIR}/capture_process.c LIBS shoji-capture PkgConfig::XCB)
target_compile_definitions(test-capture-xvnc PRIVATE CAPTURE_PROCESS="$<TARGET_FILE:capture-process>"
  X_GRAB="$<TARGET_FILE:x-grab>" X_DRAW="$<TARGET_FILE:x-draw>")
add_dependencies(test-capture-xvnc capture-process x-grab x-draw)

pkg_check_modules(XCB_TEST REQUIRED IMPORTED_TARGET xcb xcb-xtest)
add_executable(x-hand ${CMAKE_CURRENT_LIST_DIR}/../tools/x-hand.c)
target_link_libraries(x-hand PRIVATE PkgConfig::XCB_TEST)

add_executable(rfb-record ${CMAKE_CURRENT_LIST_DIR}/../tools/rfb-record.c)
target_link_libraries(rfb-record PRIVATE shoji-capture shoji-base)
target_include_directories(rfb-record PRIVATE ${CMAKE_SOURCE_DIR}/tests)

# A capture that was taken over, by itself and in a whole broker: for tests of what stands behind capture.
add_executable(garbage-capture ${CMAKE_CURRENT_LIST_DIR}/garbage-capture.c ${CMAKE_CURRENT_LIST_DIR}/garbage-main.c)
target_link_libraries(garbage-capture PRIVATE shoji-base)
target_include_directories(garbage-capture PRIVATE ${CMAKE_SOURCE_DIR}/tests)
if(TARGET shoji-broker)
  add_library(honest-capture OBJECT ${CMAKE_SOURCE_DIR}/broker/capture/capture.c)
  target_compile_definitions(honest-capture PRIVATE capture_run=honest_capture_run)
  add_executable(shoji-broker-garbage ${CMAKE_SOURCE_DIR}/broker/main.c ${CMAKE_CURRENT_LIST_DIR}/garbage-capture.c
    ${CMAKE_CURRENT_LIST_DIR}/garbage-broker.c)
  target_link_libraries(shoji-broker-garbage PRIVATE honest-capture shoji-monitor shoji-shepherd shoji-gate
    shoji-keeper shoji-hash shoji-capture shoji-encode shoji-egress shoji-base)
  target_include_directories(shoji-broker-garbage PRIVATE ${CMAKE_SOURCE_DIR}/tests)
endif()

# An isolated host that was taken over, in shoji-guest-init's place in a whole broker.
add_executable(lying-host ${CMAKE_CURRENT_LIST_DIR}/lying-host.c ${CMAKE_CURRENT_LIST_DIR}/rfb_lies.c)
target_link_libraries(lying-host PRIVATE shoji-base)
target_include_directories(lying-host PRIVATE ${CMAKE_SOURCE_DIR}/tests)
