using Meshover.Mesh.Planning;

namespace Meshover.Routing.Config;

/// <summary>Turns what routing must do into FRR's configuration. Pure.</summary>
public static class FrrRenderer
{
    /// <exception cref="FrrTemplateException">A template names what does not exist; nothing is to be applied then.</exception>
    public static FrrConfig Render(RoutingModel model, FrrTemplateSet templates)
    {
        var values = TemplateValues.From(model);
        return new FrrConfig(templates.Zebra.Render(values), templates.Bgpd.Render(values), templates.Bfdd.Render(values))
        {
            BgpPort = model.BgpPort,
            BfdDetectionMs = model.BfdIntervalMs * model.BfdMultiplier,
        };
    }
}
