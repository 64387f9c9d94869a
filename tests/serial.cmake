# Tests that start real displays, browsers or whole brokers want the machine to themselves: their deadlines are the
# product's.
foreach(name unit-monitor-broker unit-capture-xvnc browser-viewer isolation-browser isolation-limits_host)
  set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
endforeach()
