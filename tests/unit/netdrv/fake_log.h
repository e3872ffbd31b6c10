#ifndef TEST_NETDRV_FAKE_LOG_H
#define TEST_NETDRV_FAKE_LOG_H

extern unsigned fake_log_lines;

#endif
