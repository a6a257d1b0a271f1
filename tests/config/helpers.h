// What the tests of config/ share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "config/config.h"

namespace sluice::config {

// The problems of a text, each as ToString gives it; empty when it is accepted.
inline std::vector<std::string> ProblemsOf(std::string_view toml) {
  const auto parsed = Parse(toml, "f.toml");
  std::vector<std::string> texts;
  if (const auto* problems = std::get_if<std::vector<Problem>>(&parsed)) {
    for (const Problem& problem : *problems) texts.push_back(ToString(problem));
  }
  return texts;
}

// The only problem of a text.
inline std::string Only(std::string_view toml) {
  const auto problems = ProblemsOf(toml);
  for (const auto& problem : problems) UNSCOPED_INFO(problem);
  REQUIRE(problems.size() == 1);
  return problems[0];
}

// The options of a text that must be accepted; otherwise throws with the first problem.
inline Options Accepted(std::string_view toml) {
  auto parsed = Parse(toml, "f.toml");
  if (const auto* problems = std::get_if<std::vector<Problem>>(&parsed)) {
    throw std::runtime_error(ToString(problems->front()));
  }
  return std::get<Options>(std::move(parsed));
}

inline bool Same(const api::ServerOptions& a, const api::ServerOptions& b) {
  return a.host == b.host && a.port == b.port && a.threads == b.threads &&
         a.body_bytes_max == b.body_bytes_max &&
         a.body_bytes_in_flight_max == b.body_bytes_in_flight_max &&
         a.connections_max == b.connections_max && a.header_timeout == b.header_timeout &&
         a.body_timeout == b.body_timeout && a.idle_timeout == b.idle_timeout &&
         a.write_timeout == b.write_timeout;
}

inline bool Same(const Options& a, const Options& b) {
  return Same(a.data_plane, b.data_plane) && Same(a.admin_plane, b.admin_plane) &&
         a.store.directory == b.store.directory && a.store.queue_max == b.store.queue_max &&
         a.store.batch_max == b.store.batch_max && a.learner == b.learner && a.node == b.node &&
         a.routers == b.routers;
}

}  // namespace sluice::config
