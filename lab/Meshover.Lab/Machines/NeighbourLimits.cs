using System.Globalization;
using Meshover.Linux.Sysctl;

namespace Meshover.Lab.Machines;

/// <summary>
/// All machines of a lab share the kernel's two tables of neighbours, which no namespace but the first can enlarge. With their 1,024
/// entries a mesh of 30 nodes drops packets ("neighbour table overflow"). What was there before is kept in a file of the lab.
/// </summary>
internal sealed class NeighbourLimits(string file)
{
    private static readonly string[] Families = ["ipv4", "ipv6"];

    /// <summary>Makes room for a full mesh, where there is less.</summary>
    /// <exception cref="LabException">The kernel refused.</exception>
    public void Raise(int nodes)
    {
        var before = new List<string>();
        foreach (var family in Families)
        {
            // gc_thresh3 first: a table must never be allowed less than what is kept in it.
            for (var level = 3; level >= 1; level--)
            {
                var key = $"net.{family}.neigh.default.gc_thresh{level}";
                var wanted = nodes * nodes * (level + 1);
                if (SysctlFile.TryRead(key) is not { } value || int.Parse(value, CultureInfo.InvariantCulture) >= wanted) continue;
                before.Add($"{key}={value}");
                File.WriteAllLines(file, before);
                Write(key, wanted.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    public void Restore()
    {
        if (!File.Exists(file)) return;
        foreach (var line in File.ReadLines(file).Reverse().Select(line => line.Split('='))) Write(line[0], line[1]);
    }

    private static void Write(string key, string value)
    {
        try
        {
            SysctlFile.Write(key, value);
        }
        catch (SysctlException error)
        {
            throw new LabException(error.Message);
        }
    }
}
