#include "sim/baselines/ours.h"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "sim/process.h"

namespace sluice::sim {
namespace {

void Require(const std::optional<std::string>& problem) {
  if (problem) throw std::runtime_error(*problem);
}

class Ours final : public Baseline {
 public:
  explicit Ours(const config::RouterOptions& router) : router_(router), process_(router) {
    Require(process_.Start());
  }

  void Answer(const BaselineRequest& request, Answers& answers) override {
    Follow(request.arms);
    Task task;
    task.text = request.text;
    task.embedding.assign(request.embedding.begin(), request.embedding.end());
    const bool one = request.available.Size() == 1 && request.arms.size() > 1;
    auto reply = process_.Route(task, one ? router_.arms[request.available.First()].name : "");
    if (const auto* problem = std::get_if<std::string>(&reply)) Require(*problem);
    const auto& answer = std::get<api::RouteAnswer>(reply);
    const auto found = std::ranges::find(router_.arms, answer.arm, &config::ArmOptions::name);
    open_[request.tick] = answer.decision_id;
    answers.Call(static_cast<policy::ArmId>(found - router_.arms.begin()));
  }

  void Learn(const BaselineLesson& lesson) override {
    const auto open = open_.find(lesson.tick);
    if (open == open_.end()) return;
    Require(process_.Report({lesson.tick, lesson.arm, open->second},
                            {.reward = lesson.reward, .cost_usd = lesson.cost_usd}));
    open_.erase(open);
    Require(process_.Learn());
  }

 private:
  void Follow(std::span<const ArmFacts> arms) {
    config::RouterOptions now = router_;
    for (std::size_t a = 0; a < arms.size(); ++a) {
      if (a == now.arms.size()) {
        now.arms.emplace_back();
        now.arms[a].name = arms[a].model.substr(arms[a].model.rfind('/') + 1);
        now.arms[a].model = arms[a].model;
        now.arms[a].tier = static_cast<int>(a) + 1;
        now.arms[a].start = "others";
      }
      now.arms[a].price_input_per_million_usd = arms[a].price_input_per_million_usd;
      now.arms[a].price_output_per_million_usd = arms[a].price_output_per_million_usd;
    }
    if (now.arms == router_.arms) return;
    router_ = std::move(now);
    Require(process_.Change(router_));
  }

  config::RouterOptions router_;
  Process process_;
  std::map<std::uint64_t, std::string> open_;  // decisions without an outcome, by tick
};

}  // namespace

std::unique_ptr<Baseline> MakeOurs(const config::RouterOptions& router) {
  return std::make_unique<Ours>(router);
}

}  // namespace sluice::sim
