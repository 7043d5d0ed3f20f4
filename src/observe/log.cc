#include "observe/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

namespace ks::observe {
namespace {

LogFormat log_format = LogFormat::kText;  // set once, before other threads start

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

}  // namespace

void SetUpLog(LogLevel least, LogFormat format) {
  log_format = format;
  auto logger = spdlog::stderr_color_mt("kafka-spanner");
  logger->set_level(ToSpdlog(least));
  // The JSON line's text field is quoted by Log() itself.
  logger->set_pattern(format == LogFormat::kJson
                          ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","text":%v})"
                          : "%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v",
                      spdlog::pattern_time_type::utc);
  spdlog::set_default_logger(std::move(logger));
}

void Log(LogLevel level, std::string_view text) {
  if (log_format == LogFormat::kJson) {
    const std::string quoted = nlohmann::json(std::string(text))
                                   .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    spdlog::log(ToSpdlog(level), "{}", quoted);
  } else {
    spdlog::log(ToSpdlog(level), "{}", std::string(text));
  }
}

}  // namespace ks::observe
