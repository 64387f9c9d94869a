# The bench's tools. tests/bench/run is started by hand; ./check only sees that it runs (smoke).
pkg_check_modules(XCB REQUIRED IMPORTED_TARGET xcb xcb-xtest)
add_executable(key-latency ${CMAKE_CURRENT_LIST_DIR}/key-latency.c)
target_link_libraries(key-latency PRIVATE PkgConfig::XCB)
