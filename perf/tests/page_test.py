# SPDX-License-Identifier: Apache-2.0
"""page_test.py: the page of --html is well-formed, needs nothing else, and says what was measured."""

import re
import xml.etree.ElementTree

import harness

RUNTIME = """
if scenario == "list":
    print("version 1.2 <beta>\\nfib\\nechoes")
else:
    print('{"wall_ms": %s, "cpu_ms": 1.0, "answer": 9227465, "rss_kib": 2048, "metrics": {}}')
"""


class Page(harness.Folder):
    def page(self, *arguments):
        self.make_program("skein-perf-skein", RUNTIME % "2.0")
        self.make_program("skein-perf-tbb", RUNTIME % "5.0")
        file = self.folder / "report.html"
        done = harness.run("run", "fib", "--quick", "--workers", "1", "--repeat", "2", "--peers", "tbb,go",
                           "--html", file, *arguments, program=self.copy_harness())  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        self.text = file.read_text()
        return xml.etree.ElementTree.fromstring(self.text)

    def section(self, page, name):
        return page.find(f".//section[@id='{name}']")

    def test_it_is_well_formed_and_loads_nothing(self):
        self.page()
        for forbidden in ("http", "src=", "<link", "@import", "url(", "<script"):
            self.assertNotIn(forbidden, self.text)

    def test_ratios_come_first(self):
        page = self.page()
        self.assertEqual([s.get("id") for s in page.iter("section")], ["ratios", "fib", "notes", "machine", "repeat"])
        cells = ["".join(cell.itertext()) for cell in self.section(page, "ratios").iter("td")]
        self.assertEqual(cells, ["1", "2.501.00"])

    def test_a_bar_has_its_median_and_its_range(self):
        bars = self.section(self.page(), "fib").findall(".//div[@class='track']")
        self.assertEqual([bar.find("i").get("style") for bar in bars], ["width:40.00%", "width:100.00%"])
        self.assertEqual(bars[0].get("title"), "2.00 to 2.00 ms")

    def test_cpu_time_and_memory_are_told(self):
        rows = self.section(self.page(), "fib").findall(".//tbody/tr")
        self.assertEqual([cell.text for cell in rows[0].findall("td")][2:5], ["2.00", "1.00", "2.00"])

    def test_machine_versions_and_the_command_are_told(self):
        page = self.page()
        facts = {name.text: value.text for name, value in
                 zip(page.iter("dt"), page.iter("dd"), strict=True)}  # fmt: skip
        self.assertEqual(facts["tbb"], "1.2 <beta>")
        self.assertLessEqual({"processor", "kernel", "compiler", "memory", "skein"}, set(facts))
        command = self.section(page, "repeat").find("pre").text
        self.assertEqual(command, "./dev perf run fib --quick --workers 1 --repeat 2 --peers tbb,go")

    def test_a_missing_peer_is_a_note(self):
        notes = "".join(self.section(self.page(), "notes").itertext())
        self.assertIn("golang-go", notes)

    def test_light_and_dark(self):
        self.page()
        self.assertTrue(re.search(r"prefers-color-scheme: dark", self.text))


if __name__ == "__main__":
    harness.main()
