using System.Collections.Immutable;

namespace Meshover.Linux.Modules;

/// <summary>
/// What this kernel has, built in or to be loaded, as its own lists say (kmod's modules.builtin(5) and modules.dep(5)): asking a kernel by using
/// it would load the module, and GRE's adds devices to every namespace.
/// </summary>
public sealed class KernelModules
{
    private readonly string _loaded;
    private readonly ImmutableHashSet<string> _known;
    private readonly bool _isWhole;

    private KernelModules(string loaded, ImmutableHashSet<string> known, bool isWhole) => (_loaded, _known, _isWhole) = (loaded, known, isWhole);

    /// <param name="root">Of the file system.</param>
    public static KernelModules Read(string root = "/")
    {
        var known = ImmutableHashSet.CreateBuilder<string>();
        var directory = Path.Combine(root, "lib/modules", Release(root));
        var isWhole = TryAdd(known, Path.Combine(directory, "modules.builtin")) & TryAdd(known, Path.Combine(directory, "modules.dep"));
        return new KernelModules(Path.Combine(root, "sys/module"), known.ToImmutable(), isWhole);
    }

    /// <summary>Null: nobody can say, as in a container that has not its host's lists, or one of them alone.</summary>
    /// <param name="module">Such as <c>ip_gre</c>.</param>
    public bool? Has(string module)
    {
        if (Directory.Exists(Path.Combine(_loaded, module)) || _known.Contains(module))
            return true;
        return _isWhole ? false : null;
    }

    private static string Release(string root)
    {
        var file = Path.Combine(root, "proc/sys/kernel/osrelease");
        return File.Exists(file) ? File.ReadAllText(file).Trim() : "";
    }

    /// <summary>Lines like <c>kernel/net/ipv4/ip_gre.ko.xz: kernel/net/ipv4/gre.ko.xz</c>; the name may have '-' for '_'.</summary>
    private static bool TryAdd(ImmutableHashSet<string>.Builder known, string list)
    {
        try
        {
            foreach (var line in File.ReadLines(list))
                known.Add(Path.GetFileName(line.Split(':')[0]).Split('.')[0].Replace('-', '_'));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
