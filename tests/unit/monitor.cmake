shoji_unit_test(assets SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/test_assets.c)
shoji_unit_test(monitor-folders SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/test_monitor_folders.c LIBS shoji-monitor)
shoji_unit_test(monitor-parts SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/test_monitor_parts.c LIBS shoji-monitor)
shoji_unit_test(monitor-broker WHOLE_SYSTEM SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/test_monitor_broker.c
  ${CMAKE_SOURCE_DIR}/tests/unit/monitor_roles.c ${CMAKE_SOURCE_DIR}/tests/unit/monitor_stage.c LIBS shoji-monitor)
