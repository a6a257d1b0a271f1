// What is played, from the options of a command: a data set or a world, the routers that meet it,
// and a course of them for each seed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/config.h"
#include "sim/encoded_texts.h"
#include "sim/progress.h"
#include "sim/report.h"
#include "sim/said.h"
#include "sim/trace.h"
#include "sim/world.h"

namespace sluice::sim {

// What one router is sent, and what to print about it.
struct Prepared {
  Heading heading;
  Environment environment;  // in the order in which it is sent
};

// For one router alone, whose world can be sent by anybody.
Said<Prepared> PrepareDrive(const SourceOptions& options, const RouterFacts& router);

// What came of one router's course.
struct Played {
  Heading heading;
  Summary summary;
  Choices choices;
  Trace trace;            // when there is to be a report
  double budget_usd = 0;  // a request; 0: none
};

class Stage {
 public:
  // Loads what the options name.
  static Said<Stage> Make(const RunOptions& options);

  // Of the routers, printed before anything is sent.
  std::string Pairing() const;
  std::size_t requests() const;  // of one course, all routers
  std::size_t routers() const { return routers_.size(); }

  // A course of all routers together, by router. Any thread.
  Said<std::vector<Played>> Play(std::uint64_t seed, Progress& progress) const;

 private:
  Stage() = default;
  std::optional<std::string> TakeRouters();
  FeedbackModel Feedback() const;
  Said<Prepared> Prepare(std::size_t router, std::uint64_t seed) const;

  RunOptions options_;
  std::optional<World> world_;
  std::vector<config::RouterOptions> routers_;
  std::vector<std::size_t> places_;             // in the world's file, by router
  std::optional<Prepared> data_;                // in the order of the file
  std::shared_ptr<const EncodedTexts> memory_;  // of what several orders share; null: none
};

}  // namespace sluice::sim
