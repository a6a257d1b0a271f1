#include "sim/pairing.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

namespace sluice::sim {
namespace {

std::string_view AfterSlash(std::string_view name) {
  return name.substr(name.rfind('/') + 1);
}

bool SameName(const ArmFacts& arm, const ArmFacts& model) {
  for (const std::string_view mine : {std::string_view(arm.model), std::string_view(arm.name)}) {
    if (mine == model.name || AfterSlash(mine) == AfterSlash(model.name)) return true;
  }
  return false;
}

std::string List(const std::vector<ArmFacts>& arms) {
  std::string text;
  for (const ArmFacts& arm : arms) text += (text.empty() ? "" : ", ") + arm.name;
  return text;
}

// What decides the order from cheap to dear on one side.
struct Priced {
  std::size_t index = 0;
  double price = 0;
};

class Pairing {
 public:
  Pairing(const RouterFacts& router, const Environment& environment)
      : router_(router), environment_(environment), model_of_(router.arms.size()) {}

  std::optional<std::string> ByUser(const std::vector<Wish>& wishes) {
    for (const auto& [arm_name, model_name] : wishes) {
      const auto arm = Find(router_.arms, arm_name);
      if (!arm) {
        return "--arm " + arm_name + "=" + model_name + ": router \"" + router_.name +
               "\" has no arm of that name; it has " + List(router_.arms);
      }
      const auto model = Find(environment_.arms, model_name);
      if (!model) {
        return "--arm " + arm_name + "=" + model_name + ": \"" + environment_.name +
               "\" has no model of that name; it has " + List(environment_.arms);
      }
      if (model_of_[*arm] || taken_.count(*model) > 0) {
        return "--arm " + arm_name + "=" + model_name + ": an arm or model is given twice";
      }
      Take(*arm, *model, PairedBy::kUser);
    }
    return std::nullopt;
  }

  std::optional<std::string> ByNameOrPrice() {
    for (const std::size_t arm : ArmsLeft()) {
      std::vector<std::size_t> found;
      for (const std::size_t model : ModelsLeft()) {
        if (SameName(router_.arms[arm], environment_.arms[model])) found.push_back(model);
      }
      if (found.size() > 1) {
        return "arm \"" + router_.arms[arm].name + "\" could be more than one model; " + Ask();
      }
      if (found.size() == 1) Take(arm, found.front(), PairedBy::kName);
    }
    return ArmsLeft().empty() ? std::nullopt : ByPrice();
  }

  std::vector<Pair> pairs() const {
    std::vector<Pair> pairs;
    for (std::size_t arm = 0; arm < model_of_.size(); ++arm) pairs.push_back(*model_of_[arm]);
    return pairs;
  }

 private:
  static std::optional<std::size_t> Find(const std::vector<ArmFacts>& arms,
                                         const std::string& name) {
    for (std::size_t i = 0; i < arms.size(); ++i) {
      if (arms[i].name == name) return i;
    }
    return std::nullopt;
  }

  void Take(std::size_t arm, std::size_t model, PairedBy by) {
    model_of_[arm] = Pair{arm, model, by};
    taken_.insert(model);
  }

  std::vector<std::size_t> ArmsLeft() const {
    std::vector<std::size_t> left;
    for (std::size_t arm = 0; arm < model_of_.size(); ++arm) {
      if (!model_of_[arm]) left.push_back(arm);
    }
    return left;
  }

  std::vector<std::size_t> ModelsLeft() const {
    std::vector<std::size_t> left;
    for (std::size_t model = 0; model < environment_.arms.size(); ++model) {
      if (taken_.count(model) == 0) left.push_back(model);
    }
    return left;
  }

  std::optional<std::string> ByPrice() {
    const std::vector<std::size_t> arms_left = ArmsLeft();
    const std::vector<std::size_t> models_left = ModelsLeft();
    if (arms_left.size() != models_left.size()) {
      const bool too_few = models_left.size() < arms_left.size();
      return std::to_string(arms_left.size()) + " arms of the router and " +
             std::to_string(models_left.size()) + " models of \"" + environment_.name +
             "\" are left without a name in common; " + (too_few ? Configure() : Ask());
    }
    const bool listed = std::all_of(models_left.begin(), models_left.end(), [this](auto model) {
      return environment_.arms[model].price() > 0;
    });
    std::vector<Priced> arms;
    for (const std::size_t arm : arms_left) arms.push_back({arm, router_.arms[arm].price()});
    std::vector<Priced> models;
    for (const std::size_t model : models_left) {
      models.push_back({model, listed ? environment_.arms[model].price() : MeanCost(model)});
    }
    if (!Sort(arms) || !Sort(models)) return "two of the arms cost the same; " + Ask();
    for (std::size_t i = 0; i < arms.size(); ++i) {
      Take(arms[i].index, models[i].index, listed ? PairedBy::kPrice : PairedBy::kMeanCost);
    }
    return std::nullopt;
  }

  double MeanCost(std::size_t model) const {
    double sum = 0;
    for (const Task& task : environment_.tasks) sum += task.outcomes[model].expected_cost_usd;
    return sum / static_cast<double>(environment_.tasks.size());
  }

  // From cheap to dear; false when two are equal.
  static bool Sort(std::vector<Priced>& side) {
    std::sort(side.begin(), side.end(),
              [](const Priced& a, const Priced& b) { return a.price < b.price; });
    return std::adjacent_find(side.begin(), side.end(), [](const Priced& a, const Priced& b) {
             return a.price == b.price;
           }) == side.end();
  }

  std::string Names() const {
    return "arms: " + List(router_.arms) + "; models: " + List(environment_.arms);
  }

  std::string Ask() const {
    return "say which model stands for each arm, as in --arm " +
           router_.arms[ArmsLeft().front()].name + "=" + environment_.arms.front().name + " (" +
           Names() + ")";
  }

  std::string Configure() const {
    return "use a router with no more arms than the data set has models (" + Names() +
           "; run reads --config, drive asks the daemon)";
  }

  const RouterFacts& router_;
  const Environment& environment_;
  std::vector<std::optional<Pair>> model_of_;  // by arm
  std::set<std::size_t> taken_;                // models
};

}  // namespace

const char* PairedByName(PairedBy by) {
  switch (by) {
    case PairedBy::kName:
      return "by name";
    case PairedBy::kPrice:
      return "by order of price";
    case PairedBy::kMeanCost:
      return "by order of mean cost";
    case PairedBy::kUser:
      return "by --arm";
  }
  return "";
}

std::variant<std::vector<Pair>, std::string> PairArms(const RouterFacts& router,
                                                      const Environment& environment,
                                                      const std::vector<Wish>& wishes) {
  Pairing pairing(router, environment);
  if (const auto problem = pairing.ByUser(wishes)) return *problem;
  if (const auto problem = pairing.ByNameOrPrice()) return *problem;
  return pairing.pairs();
}

Environment Arrange(Environment environment, const RouterFacts& router,
                    const std::vector<Pair>& pairs) {
  environment.arms = router.arms;
  for (Task& task : environment.tasks) {
    std::vector<Outcome> outcomes;
    for (const Pair& pair : pairs) outcomes.push_back(task.outcomes[pair.model]);
    task.outcomes = std::move(outcomes);
  }
  return environment;
}

}  // namespace sluice::sim
