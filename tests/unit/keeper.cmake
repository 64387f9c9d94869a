pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
foreach(part text lease lockout audit store)
  shoji_unit_test(keeper-${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_keeper_${part}.c
    LIBS shoji-keeper PkgConfig::SODIUM)
endforeach()
shoji_unit_test(hash-argon2 SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_hash_argon2.c LIBS shoji-hash PkgConfig::SODIUM)
