// SPDX-License-Identifier: Apache-2.0
// topology_test.cpp: what the kernel's files say about quotas, in made-up folders, and what follows.
#include <support/catch.hpp>
#include <support/on_one_core.hpp>

#include <skein/core/runtime.hpp>

#include "topology.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using skein::detail::cores_of_mask;
using skein::detail::cores_of_quota;
using skein::detail::no_quota;
using skein::detail::worker_count_for;
using skein::detail::workers_max;

namespace {

constexpr char const* mount_v2 =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr char const* mount_v1 =
    "22 1 254:1 / / rw,relatime - ext4 /dev/root rw\n"
    "33 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "32 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:7 master:1 - cgroup cgroup rw,cpu,cpuacct\n"
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";
constexpr char const* mount_unified = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
constexpr char const* v2 = "/sys/fs/cgroup";
constexpr char const* v1 = "/sys/fs/cgroup/cpu,cpuacct";

/// The root of a made-up system.
class machine {
 public:
  machine(std::string const& mounts, std::string const& groups) {
    std::string name = std::filesystem::temp_directory_path() / "skein-topology-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    root_ = name;
    write("/proc/self/mountinfo", mounts);
    write("/proc/self/cgroup", groups);
  }
  machine(machine const&) = delete;
  machine& operator=(machine const&) = delete;
  ~machine() { std::filesystem::remove_all(root_); }

  machine& write(std::string const& path, std::string const& text) {
    std::filesystem::path const file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file} << text;
    return *this;
  }
  machine& quota_v2(std::string const& group, std::string const& text) {
    return write(v2 + group + "/cpu.max", text + "\n");
  }
  machine& quota_v1(std::string const& group, std::string const& quota, std::string const& period) {
    return write(v1 + group + "/cpu.cfs_quota_us", quota + "\n")
        .write(v1 + group + "/cpu.cfs_period_us", period + "\n");
  }
  [[nodiscard]] double quota() const { return cores_of_quota(root_); }

 private:
  std::string root_;
};

}  // namespace

TEST_CASE("topology: without the kernel's files, or with empty ones, nothing limits", "[core][topology]") {
  REQUIRE(cores_of_quota("/no/such/folder") == no_quota);
  REQUIRE(machine{"", ""}.quota() == no_quota);
  REQUIRE(machine{mount_v2, ""}.quota() == no_quota);
  REQUIRE(machine{"", "0::/a\n"}.quota_v2("/a", "100000 100000").quota() == no_quota);
}

TEST_CASE("topology: version 2: the quota of the process's own group", "[core][topology]") {
  machine m{mount_v2, "0::/user.slice/app\n"};
  REQUIRE(m.quota() == no_quota);
  REQUIRE(m.quota_v2("/user.slice/app", "max 100000").quota() == no_quota);
  REQUIRE(m.quota_v2("/user.slice/app", "400000 100000").quota() == 4.0);
  REQUIRE(m.quota_v2("/user.slice/app", "75000 50000").quota() == 1.5);
  REQUIRE(m.quota_v2("/user.slice/app", "20000 100000").quota() == 0.2);
  REQUIRE(m.quota_v2("/user.slice/other", "10000 100000").quota() == 0.2);
}

TEST_CASE("topology: version 2: the least quota of all levels counts", "[core][topology]") {
  machine m{mount_v2, "0::/a/b/c\n"};
  REQUIRE(m.quota_v2("/a", "300000 100000").quota() == 3.0);
  REQUIRE(m.quota_v2("/a/b", "max 100000").quota() == 3.0);
  REQUIRE(m.quota_v2("/a/b/c", "800000 100000").quota() == 3.0);
  REQUIRE(m.quota_v2("/a/b/c", "250000 100000").quota() == 2.5);
  REQUIRE(m.quota_v2("", "50000 100000").quota() == 0.5);  // the root of a container
}

TEST_CASE("topology: version 1: quota and period are two files, -1 is no limit", "[core][topology]") {
  machine m{mount_v1, "5:memory:/big\n4:cpu,cpuacct:/docker/x\n3:cpuset:/other\n0::/init\n"};
  REQUIRE(m.quota() == no_quota);
  REQUIRE(m.quota_v1("/docker/x", "-1", "100000").quota() == no_quota);
  REQUIRE(m.quota_v1("/docker/x", "350000", "100000").quota() == 3.5);
  REQUIRE(m.quota_v1("/docker", "200000", "100000").quota() == 2.0);
  REQUIRE(m.quota_v1("", "100000", "200000").quota() == 0.5);
  REQUIRE(m.quota_v1("/other", "1000", "100000").quota() == 0.5);
}

TEST_CASE("topology: with both versions mounted the lower quota counts", "[core][topology]") {
  machine m{std::string{mount_v1} + mount_unified, "4:cpu,cpuacct:/x\n0::/y\n"};
  REQUIRE(m.quota_v1("/x", "300000", "100000").quota() == 3.0);
  REQUIRE(m.write("/sys/fs/cgroup/unified/y/cpu.max", "200000 100000\n").quota() == 2.0);
  REQUIRE(m.quota_v1("/x", "100000", "100000").quota() == 1.0);
}

TEST_CASE("topology: in a container that sees its own group as the root, the path is cut",
          "[core][topology]") {
  std::string const mount = "30 23 0:26 /docker/x /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
  machine m{mount, "0::/docker/x/inner\n"};
  REQUIRE(m.quota_v2("", "600000 100000").quota() == 6.0);
  REQUIRE(m.quota_v2("/inner", "200000 100000").quota() == 2.0);
  machine outermost{mount, "0::/docker/x\n"};
  REQUIRE(outermost.quota_v2("", "300000 100000").quota() == 3.0);
}

TEST_CASE("topology: a mounted group that is not above the process limits nothing", "[core][topology]") {
  std::string const mount = "30 23 0:26 /docker/x /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
  REQUIRE(machine{mount, "0::/docker/xy\n"}.quota_v2("", "100000 100000").quota() == no_quota);
  REQUIRE(machine{mount, "0::/docker\n"}.quota_v2("", "100000 100000").quota() == no_quota);
  // Outside of the namespace: .. leads out of what is mounted.
  machine outside{mount_v2, "0::/../other\n"};
  outside.write("/sys/fs/other/cpu.max", "100000 100000\n").quota_v2("", "100000 100000");
  REQUIRE(outside.quota() == no_quota);
  REQUIRE(machine{mount_v2, "0::/..\n"}.quota_v2("", "100000 100000").quota() == no_quota);
}

TEST_CASE("topology: a group may be called ..x, and hold colons, spaces and backslashes",
          "[core][topology]") {
  REQUIRE(machine{mount_v2, "0::/..x\n"}.quota_v2("/..x", "100000 100000").quota() == 1.0);
  REQUIRE(machine{mount_v2, "0::/a:b c\n"}.quota_v2("/a:b c", "200000 100000").quota() == 2.0);
  machine escaped{"30 23 0:26 /a\\040b /mnt/c\\134d\\0400 rw - cgroup2 none rw\n", "0::/a b/e\n"};
  REQUIRE(escaped.write("/mnt/c\\d 0/e/cpu.max", "300000 100000\n").quota() == 3.0);
  machine cut{"30 23 0:26 / /mnt/c\\04 rw - cgroup2 none rw\n", "0::/\n"};
  REQUIRE(cut.write("/mnt/c\\04/cpu.max", "300000 100000\n").quota() == 3.0);
}

TEST_CASE("topology: a quota that is not two positive numbers limits nothing", "[core][topology]") {
  std::string understood;
  for (std::string const bad :
       {"", "\n", "max", "200000", "200000 ", "200000 0", "200000 -5", "0 100000", "-1 100000", "many 100000",
        "200000 long", "2e5 100000", "200000us 100000", "nan 100000", "0x10 1", "99999999999999999999 1"}) {
    machine m{mount_v2, "0::/a/b\n"};
    understood += m.quota_v2("/a/b", bad).quota() == no_quota ? "" : "[" + bad + "]";
    // The other levels still count.
    understood += m.quota_v2("/a", "200000 100000").quota() == 2.0 ? "" : "[/a beside " + bad + "]";
  }
  REQUIRE(understood == "");
}

TEST_CASE("topology: version 1: without a period, or with words for numbers, nothing limits",
          "[core][topology]") {
  machine m{mount_v1, "4:cpu,cpuacct:/x\n"};
  m.write(std::string{v1} + "/x/cpu.cfs_quota_us", "100000\n");
  REQUIRE(m.quota() == no_quota);
  REQUIRE(m.quota_v1("/x", "100000", "0").quota() == no_quota);
  REQUIRE(m.quota_v1("/x", "much", "100000").quota() == no_quota);
  REQUIRE(m.quota_v1("/x", "", "").quota() == no_quota);
  REQUIRE(m.quota_v1("/x", "100000", "100000").quota() == 1.0);
}

TEST_CASE("topology: lines that are cut or strange are passed over", "[core][topology]") {
  std::string const mounts =
      std::string{"\n-\n - \n1 2 3 - cgroup2\n1 2 3:4 / /x rw - cgroup2 y\n"} + mount_v2;
  std::string const groups = "\n:\n0\n0:\n0::\n0::a\n1::/wrong\n2:cpu\n3:cpu:/wrong\n0::/right\n";
  machine m{mounts, groups};
  REQUIRE(m.quota_v2("/wrong", "100000 100000").quota() == no_quota);
  REQUIRE(m.quota_v2("/right", "200000 100000").quota() == 2.0);
}

TEST_CASE("topology: a quota is rounded to the nearest number of workers, and is one at least",
          "[core][topology]") {
  REQUIRE(worker_count_for(8, 0.01) == 1U);
  REQUIRE(worker_count_for(8, 0.9) == 1U);
  REQUIRE(worker_count_for(8, 1.0) == 1U);
  REQUIRE(worker_count_for(8, 1.49) == 1U);
  REQUIRE(worker_count_for(8, 1.5) == 2U);
  REQUIRE(worker_count_for(8, 2.5) == 3U);
  REQUIRE(worker_count_for(8, 7.4) == 7U);
}

TEST_CASE("topology: the mask is the limit where it is less than the quota, or there is none",
          "[core][topology]") {
  REQUIRE(worker_count_for(4, no_quota) == 4U);
  REQUIRE(worker_count_for(4, 16.0) == 4U);
  REQUIRE(worker_count_for(4, 4.4) == 4U);
  REQUIRE(worker_count_for(1, 1.9) == 1U);
  REQUIRE(worker_count_for(2, 1e18) == 2U);
  REQUIRE(worker_count_for(0, no_quota) == 1U);
}

TEST_CASE("topology: more cores than a runtime takes workers give the most it takes", "[core][topology]") {
  REQUIRE(worker_count_for(workers_max, no_quota) == workers_max);
  REQUIRE(worker_count_for(workers_max + 1, no_quota) == workers_max);
  REQUIRE(worker_count_for(4 * workers_max, 2.0 * workers_max) == workers_max);
}

TEST_CASE("topology: the mask of the thread is heeded", "[core][topology]") {
  REQUIRE(cores_of_mask() == skein_test::cores_of_thread());
  skein_test::on_one_core const one;
  REQUIRE(cores_of_mask() == 1U);
}

TEST_CASE("topology: the default is what this machine's mask and quotas give", "[core][topology]") {
  REQUIRE(skein::default_worker_count() == worker_count_for(cores_of_mask(), cores_of_quota()));
}
